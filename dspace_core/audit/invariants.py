"""The invariants, and the SQL that looks for rows which break them (design 12.12).

`counted` says how many rows an invariant speaks of; each of `broken` finds offenders, as texts of a kind and an id.
"""

import msgspec

from dspace_core.errors import Text


class Invariant(msgspec.Struct, frozen=True):
    """What has to be true, and the name under which it is reported."""

    name: str
    says: Text


class Search(msgspec.Struct, frozen=True):
    """An invariant that SQL can decide. Where one of the tables it needs is not there, it cannot be asked."""

    invariant: Invariant
    counted: str
    broken: tuple[str, ...]
    needs: tuple[str, ...] = ()


HOLDERS = {
    "use": ("use_id", ("evidence_id",)),
    "grants": ("grant_id", ("approved_evidence_id", "evidence_id")),
    "cases": ("case_id", ("filed_evidence_id", "evidence_id")),
    "correction": ("correction_id", ("evidence_id",)),
}
"""The tables whose rows hold ids of evidence: by which id a row is told, and in which columns it holds them."""
_KINDS = {"use": "use", "grants": "grant", "cases": "case", "correction": "correction"}
_ENTRIES = """
    SELECT subject_id, evidence_id FROM evidence_pending UNION ALL SELECT subject_id, evidence_id FROM evidence
"""
_STEPS = """
    SELECT evidence_id, seq - lag(seq, 1, -1::bigint) OVER (PARTITION BY subject_id ORDER BY seq) AS step FROM evidence
"""
_USED = (
    "SELECT subject_id, grant_id, count(*) AS uses FROM use WHERE grant_id IS NOT NULL GROUP BY subject_id, grant_id"
)


def held(tables: frozenset[str]) -> Search:
    """Each evidence id that a row holds is the id of one entry of the same subject, waiting or numbered."""
    rows = "\nUNION ".join(
        f"SELECT '{_KINDS[table]} ' || {key} AS holder, subject_id, {column} AS evidence_id FROM {table}"  # noqa: S608
        for table, (key, columns) in HOLDERS.items()
        if table in tables
        for column in columns
    )
    return Search(
        Invariant("held", Text("所持存证编号恰有一条存证", "each evidence id that is held leads to one entry")),
        f"SELECT count(*) FROM ({rows}) AS held",  # noqa: S608
        (
            f"""
            SELECT holder FROM ({rows}) AS held
            LEFT JOIN (SELECT *, true AS there FROM ({_ENTRIES}) AS entry) AS entry USING (subject_id, evidence_id)
            GROUP BY holder, evidence_id HAVING count(there) <> 1
            """,  # noqa: S608
        ),
    )


SEARCHES = (
    Search(
        Invariant("places", Text("每条存证只在一处", "each entry is in one place")),
        f"SELECT count(*) FROM ({_ENTRIES}) AS entry",  # noqa: S608
        (f"SELECT 'entry ' || evidence_id FROM ({_ENTRIES}) AS entry GROUP BY evidence_id HAVING count(*) > 1",),  # noqa: S608
    ),
    Search(
        Invariant(
            "leaves", Text("已编号存证与日志条目一一对应", "each numbered entry has a leaf of its own, each leaf one")
        ),
        "SELECT count(*) FROM leaf",
        (
            # Byte 42 on: SHA-256 of the sealed record in a leaf of suite 1 (docs/formats/leaf.md).
            """
            SELECT 'entry ' || evidence.evidence_id FROM evidence LEFT JOIN leaf USING (log, position)
            WHERE leaf.evidence_id IS DISTINCT FROM evidence.evidence_id
              OR (get_byte(leaf, 1) = 1 AND substring(leaf FROM 43 FOR 32) <> sha256(sealed))
            """,
            """
            SELECT 'leaf ' || log || '/' || position FROM evidence GROUP BY log, position HAVING count(*) > 1
            """,
            """
            SELECT 'leaf ' || log || '/' || position FROM leaf LEFT JOIN evidence USING (log, position)
            WHERE seq IS NULL
            """,
        ),
    ),
    Search(
        Invariant("heads", Text("日志大小等于其条目数", "the size of each log is the count of its leaves")),
        "SELECT count(*) FROM log_head",
        (
            """
            SELECT 'log ' || log FROM log_head
            FULL JOIN (SELECT log, count(*) AS held, max(position) + 1 AS reach FROM leaf GROUP BY log) AS leaf USING (log)
            WHERE size IS DISTINCT FROM coalesce(held, 0) OR size IS DISTINCT FROM coalesce(reach, 0)
            """,
        ),
    ),
    Search(
        Invariant(
            "sequences", Text("每个主体的存证从 0 起连续编号", "the entries of each subject are numbered from 0 on")
        ),
        "SELECT count(DISTINCT subject_id) FROM evidence",
        (f"SELECT 'entry ' || evidence_id FROM ({_STEPS}) AS entry WHERE step <> 1",),  # noqa: S608
    ),
    Search(
        Invariant(
            "budgets", Text("授予次数等于已用与剩余之和", "what a budget granted is what was used and what is left")
        ),
        "SELECT count(*) FROM grants WHERE uses_left IS NOT NULL",
        (
            f"""
            SELECT 'grant ' || grant_id FROM grants LEFT JOIN ({_USED}) AS used USING (subject_id, grant_id)
            WHERE uses_left IS NOT NULL AND uses_total <> uses_left + coalesce(uses, 0)
            """,  # noqa: S608
            """
            SELECT 'use ' || use_id FROM use LEFT JOIN grants USING (subject_id, grant_id)
            WHERE use.grant_id IS NOT NULL AND version IS NULL
            """,
        ),
    ),
    Search(
        Invariant("cases", Text("一次申办只立一案", "nothing was filed twice: one case for each key and each notice")),
        "SELECT count(*) FROM cases",
        (
            # The case and the answer under its key are written in one transaction.
            """
            SELECT 'case ' || coalesce(cases.case_id, answered.case_id) FROM cases
            FULL JOIN (SELECT * FROM idempotency WHERE state = 'done') AS answered USING (subject_id, case_id)
            GROUP BY subject_id, cases.case_id, answered.case_id HAVING count(cases.case_id) <> 1 OR count(key) <> 1
            """,
            # A grant that is bound to a case serves no other; a notice that has been amended meanwhile may speak of more.
            """
            SELECT 'case ' || cases.case_id FROM cases
            JOIN grants ON grants.subject_id = cases.subject_id AND grants.grant_id = ANY(cases.grant_ids)
            WHERE grants.case_id <> cases.case_id
            """,
            """
            SELECT 'notice ' || notice_id FROM grants JOIN cases USING (subject_id, case_id) WHERE version = 1
            GROUP BY subject_id, notice_id HAVING count(DISTINCT case_id) > 1
            """,
        ),
        needs=("cases", "idempotency"),
    ),
)
CHAINS = Invariant("chains", Text("每条存证承接前一条", "each entry that can be read names the leaf of the one before"))
RELEASES = Invariant("releases", Text("每次放出都有存证", "everything released has its use, and the use its evidence"))
STOPS = Invariant("stops", Text("停止答复后无放出", "nothing was released after the stop of its grant was answered"))
RELEASED = f"""
    WITH entry AS NOT MATERIALIZED ({_ENTRIES})
    SELECT 'use ' || told.use_id
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[]) AS told (subject_id, use_id, grant_id, evidence_id)
    LEFT JOIN use USING (subject_id, use_id)
    WHERE use.evidence_id IS NULL OR use.grant_id IS DISTINCT FROM told.grant_id
      OR NOT EXISTS (
        SELECT FROM entry WHERE entry.subject_id = told.subject_id AND entry.evidence_id = use.evidence_id)
      OR NOT EXISTS (
        SELECT FROM entry WHERE entry.subject_id = told.subject_id AND entry.evidence_id = told.evidence_id)
"""  # noqa: S608
"""Those of the releases that no row answers for."""
