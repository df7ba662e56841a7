"""The rules of 城乡居民基本养老保险待遇申领: who may draw the resident pension. Pure: no case, no data object, no clock.

The age and the months that count are the catalogue's, behind its yes-or-no fields; no text names them, nor an amount.
Basis: 粤府〔2019〕105号, 粤人社规〔2020〕21号, as a public guide of the item cites them.
"""

from collections.abc import Mapping

import msgspec

from dspace_core import Fact, Outcome, Reason, Text, conclude
from dspace_social_security.items import ACCOUNT, CLAIMANT, LIFE, RECORD, Account, Claimant, Life, Record

VERSION = "1"
"""The version of all rules below. It rises with any change of what they hold."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule: the facts it looks at, what it says when it held, failed or does not tell, and what the person can do
    if it failed. A rule without words for False never refuses."""

    id: str
    facts: tuple[Fact, ...]
    says: Mapping[bool | None, Text]
    remedy: Text | None = None

    def found(self, held: bool | None) -> Reason:
        """The rule applied. None hands the question to a human."""
        return Reason(rule=self.id, version=VERSION, facts=self.facts, held=held, says=self.says[held])


AGE = Rule(
    id="A3.age",
    facts=(CLAIMANT.fact("aged_60"),),
    says={
        True: Text("您已达到领取年龄", "you have reached the age at which this pension is drawn"),
        False: Text("您尚未达到领取年龄", "you have not yet reached the age at which this pension is drawn"),
        None: Text("户籍信息中没有可核对的年龄", "the population record does not tell your age"),
    },
    remedy=Text("请在达到领取年龄后再申领", "claim again when you have reached that age"),
)
ALIVE = Rule(
    id="A3.alive",
    facts=(LIFE.fact("deceased"),),
    says={
        True: Text("没有您的死亡登记", "no death is recorded"),
        False: Text("卫生健康部门有申领人的死亡登记", "the health authority has recorded the death of the claimant"),
        None: Text("是否健在未能核对", "whether a death is recorded could not be checked"),
    },
    remedy=Text(
        "如登记有误,请向卫生健康部门申请更正后再申领",
        "if that is wrong, ask the health authority to correct its record and claim again",
    ),
)
SCHEME = Rule(
    id="A3.scheme",
    facts=(RECORD.fact("scheme"),),
    says={
        True: Text("您参加的是城乡居民基本养老保险", "you are insured in the scheme for urban and rural residents"),
        False: Text("您参加的不是城乡居民基本养老保险", "you are insured in another scheme than that for residents"),
        None: Text("没有可核对的参保险种", "the record does not tell in which scheme you are insured"),
    },
    remedy=Text("请申领您所参加险种的养老待遇", "claim the pension of the scheme in which you are insured"),
)
CONTRIBUTIONS = Rule(
    id="A3.contributions",
    facts=(RECORD.fact("paid_180_months"),),
    says={
        True: Text("您的累计缴费已满规定月数", "you have paid contributions for as many months as are required"),
        False: Text("您的累计缴费未满规定月数", "you have paid contributions for fewer months than are required"),
        None: Text("没有可核对的缴费月数", "the record does not tell for how many months you have paid"),
    },
    remedy=Text("请向社会保险经办机构咨询缴费事宜", "ask the social insurance office about your contributions"),
)
NOT_RECEIVING = Rule(
    id="A3.not_receiving",
    facts=(RECORD.fact("receiving"),),
    says={
        True: Text("您尚未领取养老待遇", "you are not receiving a pension yet"),
        False: Text("您已在领取养老待遇", "you are receiving a pension already"),
        None: Text("是否已在领取养老待遇未能核对", "whether you are receiving a pension could not be checked"),
    },
    remedy=Text(
        "无需再次申领;如未收到,请联系社会保险经办机构",
        "there is nothing to claim; if it does not reach you, turn to the social insurance office",
    ),
)
ACTIVE = Rule(
    id="A3.account_active",
    facts=(ACCOUNT.fact("account_active"),),
    says={
        True: Text("您的社会保障卡银行账户状态正常", "the bank account of your social security card is active"),
        False: Text(
            "您的社会保障卡银行账户未处于正常状态", "the bank account of your social security card is not active"
        ),
        None: Text("没有可核对的社会保障卡银行账户", "there is no bank account of a social security card to check"),
    },
    remedy=Text("请到开户银行恢复账户后再申领", "have the bank reactivate the account and claim again"),
)
HOLDER = Rule(
    id="A3.account_holder",
    facts=(ACCOUNT.fact("holder_name"), CLAIMANT.fact("full_name")),
    says={
        True: Text("账户户名与户籍姓名一致", "the account is in the name of the population record"),
        None: Text(
            "账户户名与户籍姓名未能核对一致,由工作人员核实",
            "the account holder's name could not be matched with the population record; a person looks into it",
        ),
    },
)
RULES = (AGE, ALIVE, SCHEME, CONTRIBUTIONS, NOT_RECEIVING, ACTIVE, HOLDER)
_SCHEMES = {"resident": True, "employee": False}


def judge(claimant: Claimant, life: Life, record: Record, account: Account) -> Outcome:
    """(1) of age  (2) alive  (3) in the residents' scheme  (4) enough paid  (5) not yet receiving  (6) the account is
    active  (7) and in the claimant's name: names that differ are looked at by a human, never a reason to refuse."""
    return conclude(
        AGE.found(claimant.aged_60),  # 1
        ALIVE.found(_not(life.deceased)),  # 2
        SCHEME.found(_SCHEMES.get(record.scheme or "")),  # 3
        CONTRIBUTIONS.found(record.paid_180_months),  # 4
        NOT_RECEIVING.found(_not(record.receiving)),  # 5
        ACTIVE.found(account.account_active),  # 6
        HOLDER.found(_same(account.holder_name, claimant.full_name)),  # 7
    )


def _not(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def _same(holder: str | None, name: str | None) -> bool | None:
    """Whether the account is surely the claimant's. A name may be written in more ways than one."""
    return True if name and holder == name else None
