from taskmon.client.script import Connection as Connection
from taskmon.client.script import Task as Task
from taskmon.client.script import connect as connect
from taskmon.core.errors import TaskmonError as TaskmonError
from taskmon.core.lifecycle import Status as Status

__version__: str
