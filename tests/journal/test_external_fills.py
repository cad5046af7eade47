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
    assert {"x1", "x2", "x3"} == account.external_ids == set(account.external_fills)


def test_an_execution_that_was_annulled_is_taken_off_and_its_id_is_kept():
    account = FoldedAccount()
    fold = AccountFold(account, {})
    fold._external(ExternalFill("x1", "NSE:INFY", "CNC", 40, 100.0, 1))
    fold._external(ExternalFill("annulled:x1", "NSE:INFY", "CNC", -40, 100.0, 2))
    assert ({("NSE:INFY", "CNC"): 0}, {"x1"}, {}) == (account.external, account.external_ids, account.external_fills)
