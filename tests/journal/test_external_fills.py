"""Executions of no strategy in an account's journal: the fold has them, by symbol and product, and their ids."""

from framework.journal.account_entries import ExternalFill
from framework.journal.account_fold import AccountFold, FoldedAccount


def test_a_fold_adds_up_what_belongs_to_nobody():
    account = FoldedAccount()
    fold = AccountFold(account, {})
    for k, (name, quantity) in enumerate((("x1", 40), ("x2", -10), ("", 5))):
        fold._external(ExternalFill(name, "NSE:INFY", "CNC", quantity, 100.0, k))
    fold._external(ExternalFill("x3", "NSE:INFY", "MIS", 7, 100.0, 9))
    assert {("NSE:INFY", "CNC"): 35, ("NSE:INFY", "MIS"): 7} == account.external
    assert {"x1", "x2", "", "x3"} == account.external_ids
