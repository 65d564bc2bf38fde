"""MiniStack's tables, looked through by one request while others add to them.

AWS: no request fails because of another one.
MiniStack: answers in threads. A table is listed as pairs before it is walked, but listing is not one step: making pairs can
start the garbage collector, whose finalizers let other threads run. With many entries a request fails now and then
("dictionary changed size during iteration") with its work half done: a task that no event tells of, or that is started twice.
Filled: they are walked on a copy, which is made in one step.
"""

from ministack.core.responses import AccountRegionScopedDict, AccountScopedDict

from ..patching import replaces

GAP = "snapshots"


def _on_copy(original, self, *args):
    copy = type(self)()
    copy._data = self._data.copy()
    return original(copy, *args)


for _table in (AccountScopedDict, AccountRegionScopedDict):
    for _name in ("values", "items"):
        replaces(GAP, _table, _name, ("self",))(_on_copy)
for _name in ("values_scoped", "items_scoped"):
    replaces(GAP, AccountRegionScopedDict, _name, ("self", "account_id", "region"))(_on_copy)
