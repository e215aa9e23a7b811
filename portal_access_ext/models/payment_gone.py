"""What providers and payment methods say in the context to the saved methods that go with them."""

# The reason, a key of `portal_gone_reason`.
GONE = "portal_access_gone"
