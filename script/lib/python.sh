# shellcheck shell=bash
# The Python that a bench is made with: the machine's, a private build, or one from Debian's archive.

# bench_can_run PYTHON: of a version for this line, with venv, readable by the bench user (a pyenv under /root is not).
bench_can_run() { as_bench "$1" -c "$PYTHON_CHECK" "$(python_versions "$FRAPPE")" venv ensurepip >/dev/null 2>&1; }

find_python() {
	local candidate
	for candidate in $(machine_pythons "$FRAPPE") "$BENCH_STATE"/python/*/{bin,usr/bin}/python3; do
		if [[ -x $candidate ]] && bench_can_run "$candidate"; then
			echo "$candidate"
			return
		fi
	done
	return 1
}

# Packages first, so that the system keeps it up to date.
install_python() {
	find_python >/dev/null && return
	install_packaged_python
	find_python >/dev/null && return
	install_uv_python || true
	find_python >/dev/null && return
	[[ $FRAPPE == 15 ]] || install_archive_python || true
	find_python >/dev/null || die "$EXIT_PYTHON" "Frappe $FRAPPE needs $(python_title "$FRAPPE"), which this machine's packages don't have, and neither GitHub$(if [[ $FRAPPE != 15 ]]; then echo " nor Debian's archive"; fi) can be reached for one. Install it system-wide with its venv and dev packages, where the user $BENCH_USER can run it, then run this again. Details: $SETUP_LOG"
}

install_packaged_python() {
	local version
	for version in $(python_versions "$FRAPPE"); do
		if apt-cache show "python$version-venv" >/dev/null 2>&1; then
			apt_get install -y --no-install-recommends "python$version" "python$version-venv" "python$version-dev"
			return
		fi
	done
}

# A private build by uv, which takes it from GitHub. A connection that isn't made soon is not waited for.
install_uv_python() {
	local version
	version=$(if [[ $FRAPPE == 15 ]]; then echo 3.12; else echo 3.14; fi)
	as_bench python3 -m venv --clear "$BENCH_STATE/uv" && as_bench "$BENCH_STATE/uv/bin/pip" install --quiet uv || return
	as_bench env UV_PYTHON_INSTALL_DIR="$BENCH_STATE/python" UV_PYTHON_INSTALL_BIN=0 UV_HTTP_CONNECT_TIMEOUT=10 UV_HTTP_TIMEOUT="${UV_HTTP_TIMEOUT:-20}" \
		UV_HTTP_RETRIES="${UV_HTTP_RETRIES:-1}" timeout 600 "$BENCH_STATE/uv/bin/uv" python install "$version"
}
