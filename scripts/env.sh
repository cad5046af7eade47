#!/bin/sh
# Makes and refreshes .venv from the pinned requirement files, and pins them anew.
#
#   scripts/env.sh install base|run|dev|lab   what `make base`, `make env`, `make test` and `make lab` need
#   scripts/env.sh pin [--upgrade]            what `make requirements` does
#
# Plain POSIX sh, because it runs before there is a Python known to be fit. PYTHON=… chooses the Python of a new .venv.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

is_fit() { # does "$1" run, and is it a Python that we support? (a pyenv shim may exist and not run)
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

version_of() { "$1" -c 'import platform; print(platform.python_version())'; }

find_python() {
    for python in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if is_fit "$python"; then echo "$python"; return; fi
    done
    fail "Tulya needs Python 3.11, 3.12 or 3.13, and ${PYTHON:-none of python3, python3.13, python3.12 and python3.11} \
is none of these here: install one, or name one with 'make env PYTHON=/path/to/python3.12'."
}

has_uv() { uv --version >/dev/null 2>&1; }

make_venv() {
    if is_fit .venv/bin/python; then return; fi
    python=$(find_python)
    rm -rf .venv
    if has_uv; then
        "$python" -m venv --without-pip .venv
    elif "$python" -c 'import venv, ensurepip' 2>/dev/null; then
        "$python" -m venv .venv
    else
        fail "$python cannot make a virtual environment: install its venv package (Debian, Ubuntu: apt install python3-venv) or uv."
    fi
}

find_uv() { # a uv on PATH, else one that pip puts into .venv
    if has_uv; then echo uv; return; fi
    if ! .venv/bin/uv --version >/dev/null 2>&1; then
        .venv/bin/python -m pip --version >/dev/null 2>&1 ||
            fail "There is neither uv on PATH nor pip in .venv: run 'make clean' and try again."
        .venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check --require-hashes \
            --requirement requirements/uv.txt >&2
    fi
    echo .venv/bin/uv
}

install() {
    wanted=$1
    began=$(date +%s)
    make_venv
    say "Installing requirements/$wanted.txt into .venv (Python $(version_of .venv/bin/python)) …"
    uv=$(find_uv)
    export UV_HTTP_TIMEOUT="${UV_HTTP_TIMEOUT:-180}"
    for bundle in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem; do
        # Like pip, trust what this machine trusts (a company's own certificate); without a bundle uv brings its own.
        if [ -s "$bundle" ]; then export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-1}"; fi
    done
    # Each file is complete, and base.txt has arch for its sample prices alone, without the libraries that arch imports
    "$uv" pip install --quiet --python .venv/bin/python --no-deps --require-hashes --requirement "requirements/$wanted.txt"
    "$uv" pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --offline --editable .
    # backtrader's sources make Python 3.12 and later warn when it compiles them: here, unheard, not at a user's first run (base has none)
    .venv/bin/python -W ignore -c 'import compileall, sysconfig
compileall.compile_dir(sysconfig.get_path("purelib") + "/backtrader", quiet=2)'
    touch .venv/base.stamp ".venv/$wanted.stamp" # every file holds all of base.txt, and dev.txt and lab.txt all of run.txt
    if [ "$wanted" != base ]; then touch .venv/run.stamp; fi
    if [ "$wanted" != base ]; then # the engine, so that no run waits for it; what is compiled already costs a second
        nohup nice -n 19 .venv/bin/python -m framework.engines.compilation >/dev/null 2>&1 </dev/null &
    fi
    say "Ready after $(($(date +%s) - began)) s."
}

pin() {
    make_venv
    uv=$(find_uv)
    compile() { # to a file, from the arguments; pins that still fit stay unless --upgrade is given
        to=requirements/$1.txt
        shift
        "$uv" pip compile "$@" ${upgrade:+"$upgrade"} --quiet --output-file "$to" --universal --python-version 3.11 --generate-hashes \
            --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make requirements"
        say "$to: $(grep -c '==' "$to") pins"
    }
    upgrade=${1:-}
    runtime="pyproject.toml requirements/build.in --extra backtrader --extra quantstats --extra research --extra live --extra excel"
    # shellcheck disable=SC2086  # $runtime is several words
    {
        compile uv requirements/uv.in
        compile run $runtime
        compile base pyproject.toml requirements/build.in requirements/sample.in --constraint requirements/run.txt \
            --no-emit-package scipy --no-emit-package statsmodels --no-emit-package formulaic \
            --no-emit-package interface-meta --no-emit-package wrapt
        compile dev $runtime --extra cluster --extra optuna --extra test --extra lint --constraint requirements/run.txt
        compile lab $runtime --extra cluster --extra optuna --extra lab --constraint requirements/dev.txt
    }
}

case "${1:-} ${2:-}" in
"install base" | "install run" | "install dev" | "install lab") install "$2" ;;
"pin " | "pin --upgrade") pin "${2:-}" ;;
*) fail "usage: scripts/env.sh install base|run|dev|lab, or scripts/env.sh pin [--upgrade]" ;;
esac
