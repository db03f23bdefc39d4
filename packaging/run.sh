#!/bin/sh
# `make run`: the window; without a display the same story in this terminal, with pictures of the window.
#
#   sh packaging/run.sh FOLDER_FOR_PICTURES
set -eu

cd "$(dirname "$0")/.."
pictures=${1:-build/screenshots}

if .venv/bin/python -m taskmon.cli.display; then
    exec .venv/bin/taskmon
fi

printf 'Until then its example runs in this terminal.\n\n'
.venv/bin/taskmon example --follow
printf '\nTaking pictures of the window …\n'
.venv/bin/python packaging/screenshots.py --out "$pictures"
printf 'Pictures of the window are in %s. With a display, make run opens the window itself.\n' "$pictures"
