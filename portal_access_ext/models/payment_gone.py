"""What providers and payment methods say in the context to the saved methods that go with them."""

# The reason, a :class:`Reason`.
GONE = "portal_access_gone"


class Reason(str):
    """A key of `portal_gone_reason`. No text that comes over RPC is one: it lets methods go that have to stay."""

    __slots__ = ()


def get_reason(env):
    """:return Reason: why Odoo archives saved methods, or None where somebody archives just them"""
    reason = env.context.get(GONE)
    return reason if isinstance(reason, Reason) else None
