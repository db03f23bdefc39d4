#!/bin/sh
# Sets up .venv for `make run` or `make test` on a machine that has Python 3.11+ and little else.
#
#   sh packaging/setup.sh run     taskmon and what it needs on screen
#   sh packaging/setup.sh test    the same, with the tools for tests and checks
#
# On Debian and Ubuntu missing system packages are installed through apt-get (as root or with a password-free sudo);
# elsewhere one sentence names them. PYTHON=/path/to/python chooses the interpreter.
set -eu

goal=${1:-run}
cd "$(dirname "$0")/.."
venv=.venv
log=$venv-setup.log

# What Qt's own libraries and its X11 platform plugin link to; Wayland's come with the desktop that needs them.
qt_packages="libgl1 libegl1 libfontconfig1 libglib2.0-0 libdbus-1-3 libxkbcommon0 libxkbcommon-x11-0 libx11-xcb1
    libxcb1 libxcb-cursor0 libxcb-glx0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render0
    libxcb-render-util0 libxcb-shape0 libxcb-shm0 libxcb-sync1 libxcb-xfixes0 libxcb-xkb1"

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "$*"
    exit 1
}

# Runs a command silently; its output appears when it fails.
quietly() {
    if ! "$@" >"$log" 2>&1 </dev/null; then
        cat "$log" >&2
        return 1
    fi
    rm -f "$log"
}

# Installs Debian packages; false when this is not Debian, we may not, or apt-get fails.
apt_install() {
    command -v apt-get >/dev/null 2>&1 || return 1
    if [ "$(id -u)" -eq 0 ]; then
        as_root=""
    elif sudo -n true >/dev/null 2>&1; then
        as_root="sudo -n"
    else
        return 1
    fi
    say "Installing system packages: $*"
    install="$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $*"
    # shellcheck disable=SC2086 # the words are meant to split
    if ! $install >"$log" 2>&1 </dev/null; then
        $as_root apt-get update -q >>"$log" 2>&1 </dev/null || true
        # shellcheck disable=SC2086
        quietly $install || return 1
    fi
    rm -f "$log"
}

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python3.14; do
        if new_enough "$candidate"; then
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}

make_venv() {
    if [ -x $venv/bin/python ] && new_enough $venv/bin/python && $venv/bin/python -m pip --version >/dev/null 2>&1; then
        return 0
    fi
    python=$(find_python) ||
        fail "taskmon needs Python 3.11 or newer. Install it (Debian 12, Ubuntu 24.04 and later: apt install python3)," \
            "or say where it is: make $goal PYTHON=/path/to/python3"
    if ! "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
        package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
        apt_install "$package" || apt_install python3-venv ||
            fail "Python's venv module is missing. Install it (sudo apt install $package) and run make $goal again."
    fi
    quietly "$python" -m venv --clear $venv || fail "The environment $venv could not be made."
}

pip_install() {
    quietly $venv/bin/python -m pip install --disable-pip-version-check --no-input --quiet "$@"
}

qt_loads() {
    QT_QPA_PLATFORM=offscreen $venv/bin/python -c \
        'from PySide6 import QtWidgets, QtSvg; QtWidgets.QApplication([])' >/dev/null 2>&1
}

# True when every library behind Qt's X11 plugin is there.
x11_loads() {
    plugin=$($venv/bin/python -c \
        'import PySide6, pathlib; print(pathlib.Path(PySide6.__file__).parent / "Qt/plugins/platforms/libqxcb.so")')
    [ ! -f "$plugin" ] || ! command -v ldd >/dev/null 2>&1 || ! ldd "$plugin" | grep -q 'not found'
}

provide_qt_libraries() {
    if qt_loads && x11_loads; then
        return 0
    fi
    # shellcheck disable=SC2086 # a list of names
    apt_install $qt_packages || true
    if ! qt_loads; then
        say "Qt needs system libraries that are missing. On Debian or Ubuntu install these packages, then run make" \
            "$goal again:"
        # shellcheck disable=SC2086
        fail "  sudo apt install" $qt_packages
    fi
    # shellcheck disable=SC2086
    x11_loads || say "A window on X11 needs more system libraries; on Debian or Ubuntu: sudo apt install" $qt_packages
}

say "Setting up $venv (a minute or two the first time) …"
make_venv
case $goal in
test) pip_install -e '.[test,dev]' || fail "The Python packages could not be installed; the reason is above." ;;
*) pip_install -e . || fail "The Python packages could not be installed; the reason is above." ;;
esac
# The example's simulator has wheels for some Pythons only; taskmon brings a smaller example for the others.
pip_install --only-binary pysplishsplash -e '.[example]' 2>/dev/null || rm -f "$log"
provide_qt_libraries
touch "$venv/run.ready" "$venv/$goal.ready"
