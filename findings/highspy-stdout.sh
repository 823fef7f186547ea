#!/usr/bin/env bash
# highspy 1.16.0 writes to the standard output before any option can tell it not to.
#
# Expected: with `output_flag` set to false, the solver writes nothing, so a program may answer on its standard output.
# Seen: the first `Highs()` of a process writes two lines there as it is made, before an option can be set. They come
# from below Python, so replacing `sys.stdout` does not hold them back.
# What Samtykke does: its solver answers on a copy of the standard output, and leaves the other to nobody
# (consent/stats/solver.py).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check highspy==1.16.0
cat > run.py <<'PY'
import contextlib
import io

import highspy

with contextlib.redirect_stdout(io.StringIO()):
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.addVariable(lb=0, ub=1)
    highs.run()
    highspy.Highs()
PY
seen=$(venv/bin/python run.py)
echo "highspy $(venv/bin/pip show highspy | sed -n 's/^Version: //p')"
echo "expected: nothing on the standard output"
echo "seen:"
echo "$seen"
test "$(echo "$seen" | wc -l)" = 2
echo "$seen" | head -1 | grep -q "HiGHS 1.16.0"
