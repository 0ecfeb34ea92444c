"""Convert an Office file to PDF: `convert.py SOURCE EXTENSION FOLDER`, which becomes FOLDER/out/document.pdf.

This process limits itself and becomes Bubblewrap, which becomes LibreOffice with no network, no environment and
no files but the system's programs, the source and FOLDER. It imports nothing of Frappe.
"""

import os
import resource
import sys
from pathlib import Path

MEMORY = 4 * 1024 * 1024 * 1024
CPU_SECONDS = 60
MAX_FILE = 200 * 1024 * 1024
SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc/fonts", "/etc/libreoffice", "/etc/alternatives")
ITEM = '<item oor:path="/org.openoffice.Office.{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
NEVER = 2
SECURITY = {
	("Common/Security/Scripting", "DisableMacrosExecution"): "true",
	("Common/Security/Scripting", "MacroSecurityLevel"): 3,
	("Common/Security/Scripting", "BlockUntrustedRefererLinks"): "true",
	("Common/Security/Scripting", "DisableActiveContent"): "true",
	("Writer/Content/Update", "Link"): NEVER,
	("Calc/Content/Update", "Link"): NEVER,
}
PROFILE = '<?xml version="1.0" encoding="UTF-8"?>\n<oor:items xmlns:oor="http://openoffice.org/2001/registry">{items}</oor:items>'


def main() -> None:
	source, extension, folder = sys.argv[1:4]
	for limit, value in (
		(resource.RLIMIT_AS, MEMORY),
		(resource.RLIMIT_CPU, CPU_SECONDS),
		(resource.RLIMIT_FSIZE, MAX_FILE),
		(resource.RLIMIT_CORE, 0),
	):
		resource.setrlimit(limit, (value, value))
	write_profile(Path(folder))
	os.execvp("bwrap", build_command(source, extension, folder))  # noqa: S606, S607  # a fixed program


def write_profile(folder: Path) -> None:
	"""Write LibreOffice's settings: no macros, no links to other files, no active content."""
	settings = folder / "profile" / "user"
	settings.mkdir(parents=True)
	(folder / "out").mkdir()
	items = [ITEM.format(path=path, name=name, value=value) for (path, name), value in SECURITY.items()]
	(settings / "registrymodifications.xcu").write_text(PROFILE.format(items="".join(items)))


def build_command(source: str, extension: str, folder: str) -> list[str]:
	inside = f"/sandbox/document.{extension}"
	command = [
		"bwrap",
		"--unshare-all",
		"--die-with-parent",
		"--new-session",
		"--cap-drop",
		"ALL",
		"--clearenv",
	]
	for name, value in (("PATH", "/usr/local/bin:/usr/bin:/bin"), ("HOME", "/tmp"), ("LANG", "C.UTF-8")):  # noqa: S108  # of the sandbox
		command += ["--setenv", name, value]
	for path in (*SYSTEM, *map(str, Path("/opt").glob("libreoffice*"))):
		command += ["--ro-bind-try", path, path]
	command += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--dir", "/sandbox"]  # noqa: S108  # as above
	command += ["--bind", folder, "/sandbox/folder", "--ro-bind", source, inside, "--chdir", "/sandbox"]
	command += ["soffice", "--headless", "--nologo", "--norestore", "--nodefault", "--nolockcheck"]
	command += ["-env:UserInstallation=file:///sandbox/folder/profile", "--convert-to", "pdf"]
	return [*command, "--outdir", "/sandbox/folder/out", inside]


if __name__ == "__main__":
	main()
