"""Packaging for bench: `bench get-app` installs the app with pip from here."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = re.search(r'__version__ = "([^"]+)"', (HERE / "orchestrator" / "__init__.py").read_text()).group(1)
REQUIREMENTS = [
	line for line in (HERE / "requirements.txt").read_text().splitlines() if line and not line.startswith("#")
]

setup(
	name="orchestrator",
	version=VERSION,
	description="One REST API over the Frappe suite for behavioural-health and service organisations",
	long_description=(HERE / "README.md").read_text(),
	long_description_content_type="text/markdown",
	author="The Frappe Orchestrator developers",
	license="MIT",
	packages=find_packages(include=["orchestrator", "orchestrator.*"]),
	include_package_data=True,
	zip_safe=False,
	python_requires=">=3.10",
	install_requires=REQUIREMENTS,
)
