# shellcheck shell=bash
# The lines of Frappe, what they need of a machine, and which of them a bench is of.

# check_line LINE: one that this app runs on.
check_line() {
	case $1 in
		15 | 16) ;;
		14) die "$EXIT_USAGE" "Frappe 14 ended in January 2026 and Orchestrator does not run on it. Make a bench of Frappe 15 or 16 in a folder of its own and migrate the site to it: README.md, \"Versions\"." ;;
		*) die "$EXIT_USAGE" "ORCHESTRATOR_FRAPPE must be 15 or 16, not \"$1\"." ;;
	esac
}

# The versions of Python that a line runs on, best first.
python_versions() { if [[ $1 == 15 ]]; then echo '3.11 3.12 3.10'; else echo '3.14'; fi; }
python_title() { if [[ $1 == 15 ]]; then echo 'Python 3.10, 3.11 or 3.12'; else echo 'Python 3.14'; fi; }

# The oldest Node that a line builds with, and the one that is fetched where the machine's is older.
oldest_node() { if [[ $1 == 15 ]]; then echo 18; else echo 24; fi; }
fetched_node() { if [[ $1 == 15 ]]; then echo 20; else echo 24; fi; }

# The stable line has the short name; benches of 15 were there first and keep their folder.
pins_file() { if [[ $1 == 15 ]]; then echo apps-15.json; else echo apps.json; fi; }
default_bench() { printf '%s/orchestrator-bench%s' "$BENCH_HOME" "$(if [[ $1 != 15 ]]; then printf -- '-%s' "$1"; fi)"; }

# Run by a Python, with the versions that will do and the modules it must have.
readonly PYTHON_CHECK='import importlib, sys
[importlib.import_module(name) for name in sys.argv[2:]]
sys.exit("%d.%d" % sys.version_info[:2] not in sys.argv[1].split())'

# choose_line: sets FRAPPE and BENCH. A bench stays on its line: 15 and 16 have each their own.
choose_line() {
	local asked=${ORCHESTRATOR_FRAPPE:-} line
	[[ -z $asked ]] || check_line "$asked"
	line=${asked:-$(if [[ -n ${ORCHESTRATOR_BENCH:-} ]]; then line_of_machine; else line_without_setting; fi)}
	BENCH=${ORCHESTRATOR_BENCH:-$(default_bench "$line")}
	[[ $BENCH == /* ]] || die "$EXIT_USAGE" "ORCHESTRATOR_BENCH must be a path that starts with /, not $BENCH."
	# Ours inside the bench: settings, stamps, tools, dumps, process ids.
	BENCH_STATE=$BENCH/.orchestrator
	FRAPPE=$(line_of_bench)
	FRAPPE=${FRAPPE:-$line}
	check_line "$FRAPPE"
	[[ -z $asked || $asked == "$FRAPPE" ]] ||
		die "$EXIT_USAGE" "The bench $BENCH is of Frappe $FRAPPE, and ORCHESTRATOR_FRAPPE is $asked. Leave ORCHESTRATOR_FRAPPE out to go on with this bench, or set ORCHESTRATOR_BENCH to another folder for one of Frappe $asked."
}

# line_of_bench: as the bench keeps it; one that an earlier commit made is of the line that its Frappe says.
line_of_bench() {
	local kept
	kept=$(kept_get FRAPPE || true)
	printf '%s' "${kept:-$(sed -nE 's/^__version__ = "([0-9]+)\..*/\1/p' "$BENCH/apps/frappe/frappe/__init__.py" 2>/dev/null)}"
}

# line_without_setting: that of the only bench there is, so that a bench made earlier is found again whatever Python
# the machine got since; else what the machine can run.
line_without_setting() {
	local line found=()
	for line in 15 16; do
		if [[ -f $(default_bench "$line")/.orchestrator/settings ]]; then found+=("$line"); fi
	done
	if [[ ${#found[@]} -eq 1 ]]; then echo "${found[0]}"; else line_of_machine; fi
}

# line_of_machine: the newest that this machine's own Python can run, 16 where it has none of them.
line_of_machine() {
	local line
	for line in 16 15; do
		if machine_has_python "$line"; then
			echo "$line"
			return
		fi
	done
	echo 16
}

machine_has_python() {
	local candidate
	for candidate in $(machine_pythons "$1"); do
		if [[ -x $candidate ]] && "$candidate" -c "$PYTHON_CHECK" "$(python_versions "$1")" >/dev/null 2>&1; then return; fi
	done
	return 1
}

# machine_pythons LINE: where a Python of the whole machine may be.
machine_pythons() {
	local version
	for version in $(python_versions "$1") 3; do printf '%s\n' "/usr/bin/python$version" "/usr/local/bin/python$version"; done
}
