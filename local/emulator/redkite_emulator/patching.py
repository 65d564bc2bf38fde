"""How a gap takes the place of a MiniStack function.

Every replacement names the function it replaces and the parameters it relies on, and both are checked while the gap is
imported. So an upgrade of MiniStack that moves or changes one of them stops the emulator at its start, with the name
of the gap, and not some test an hour later.
"""

import functools
import inspect


class GapError(RuntimeError):
    """MiniStack no longer looks the way a gap expects."""


def expect(gap, owner, name, parameters=None):
    """The attribute `name` of `owner`; fails when it is gone or takes other parameters than named."""
    where = f"{getattr(owner, '__name__', owner)}.{name}"
    found = getattr(owner, name, None)
    if found is None:
        raise GapError(f"gap {gap}: {where} is gone from this version of MiniStack. Look how it does this now.")
    if parameters is not None:
        actual = tuple(inspect.signature(found).parameters)
        if actual != tuple(parameters):
            raise GapError(f"gap {gap}: {where} takes {actual} in this version of MiniStack, not {tuple(parameters)}.")
    return found


def replaces(gap, owner, name, parameters, tables=()):
    """Decorator: the function takes the place of `owner.name` and gets the original as its first argument.

    `tables` are dictionaries that hold the original as a value (MiniStack's action maps): their entries change too.
    """
    original = expect(gap, owner, name, parameters)

    def decorate(replacement):
        @functools.wraps(original)
        def replaced(*args, **kwargs):
            return replacement(original, *args, **kwargs)

        setattr(owner, name, replaced)
        for table in tables:
            entries = [key for key, value in table.items() if value is original]
            if not entries:
                raise GapError(f"gap {gap}: {owner.__name__}.{name} is no longer in its action map.")
            for key in entries:
                table[key] = replaced
        return replaced

    return decorate


def substitute(gap, text, old, new, count=1):
    """`text` with `old` replaced; fails unless `old` is in it exactly `count` times."""
    found = text.count(old)
    if found != count:
        raise GapError(f"gap {gap}: expected {count} times in MiniStack's source, found {found}: {old!r}")
    return text.replace(old, new)
