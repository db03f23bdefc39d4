"""Qt models over the task store. QtCore and QtGui only."""
