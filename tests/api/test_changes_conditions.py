"""Which conditions of readable records depend on nothing but the record's own row."""

import pytest

pytest.importorskip("frappe")

from orchestrator.api.changes.conditions import is_self_contained


@pytest.mark.parametrize(
	"condition",
	[
		"1 = 1",
		"`tabLead`.`owner` = 'ann@harbor.example'",
		"((ifnull(`tabLead`.`company`, '')='' or `tabLead`.`company` in ('A', 'B')))",
		"(`tabLead`.name in ('select', 'now()', 'it\\'s', 'it''s', '@'))",
		"coalesce(`tabToDo`.allocated_to, '') like '%%ann%%' and not (status = \"Open\")",
	],
)
def test_columns_and_values(condition: str) -> None:
	assert is_self_contained(condition)


@pytest.mark.parametrize(
	"condition",
	[
		"`tabSprint`.project in (select name from `tabProject`)",
		"exists (SELECT 1 from `tabProject`)",
		"`tabEvent`.starts_on > now()",
		"`tabEvent`.starts_on > CURRENT_DATE",
		"`tabLead`._assign like '%ann%'",
		"find_somehow(name)",
		"name = @user",
		"'a' = 'b' or name in (select 'x')",
	],
)
def test_other_records_and_the_time(condition: str) -> None:
	assert not is_self_contained(condition)
