"""The short code tables: complete where the standard is, and never numbered by place."""

import pytest

from dspace_core.errors import Refusal
from dspace_core.identifiers import codes
from dspace_core.identifiers.codes import CodeTable, MaritalStatus, Sex


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("01", "汉"),
        ("02", "蒙古"),
        ("08", "壮"),
        ("09", "布依"),
        ("11", "满"),
        ("28", "景颇"),
        ("30", "土"),
        ("32", "仫佬"),
        ("46", "德昂"),
        ("54", "门巴"),
        ("56", "基诺"),
        ("97", "其他"),
        ("98", "外国血统中国籍人士"),
    ],
)
def test_an_ethnic_group_is_found_by_its_code(code: str, name: str) -> None:
    assert codes.ETHNIC_GROUP.label(code) == name


def test_the_ethnic_groups_are_the_56_and_two_more() -> None:
    assert set(codes.ETHNIC_GROUP.labels) == {f"{n:02}" for n in range(1, 57)} | {"97", "98"}
    assert len(set(codes.ETHNIC_GROUP.labels.values())) == 58


@pytest.mark.parametrize(
    ("table", "code", "label"),
    [
        (codes.SEX, "0", "未知"),
        (codes.SEX, "9", "未说明"),
        (codes.MARITAL_STATUS, "10", "未婚"),
        (codes.MARITAL_STATUS, "22", "再婚"),
        (codes.RELATIONSHIP, "01", "本人"),
        (codes.RELATIONSHIP, "02", "户主"),
        (codes.RELATIONSHIP, "10", "配偶"),
        (codes.RELATIONSHIP, "50", "父母"),
        (codes.USCC_CATEGORY, "11", "机关"),
        (codes.USCC_CATEGORY, "52", "民办非企业单位"),
    ],
)
def test_a_code_has_its_label(table: CodeTable, code: str, label: str) -> None:
    assert table.label(code) == label


def test_every_sex_and_marital_status_has_a_label_and_every_label_its_member() -> None:
    assert {member.value for member in Sex} == set(codes.SEX.labels)
    assert {member.value for member in MaritalStatus} == set(codes.MARITAL_STATUS.labels)


def test_a_man_is_one_and_a_woman_two() -> None:
    assert (Sex("1"), Sex("2")) == (Sex.MALE, Sex.FEMALE)
    assert (codes.SEX.label("1"), codes.SEX.label("2")) == ("男", "女")


@pytest.mark.parametrize("code", ["", "1", "57", "99", "０１", "440100199003070011"])
def test_an_unlisted_code_is_refused_with_the_name_of_the_table_only(code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        codes.ETHNIC_GROUP.label(code)
    assert refusal.value.code == "identifiers.code_unknown"
    assert refusal.value.values == {"table": "ethnic_group"}
