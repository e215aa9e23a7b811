"""What the core says in the context while it works."""

# The core is at work, and remembers itself what happens. An object, so that nobody can say so over RPC
# and have the ledger look away.
AT_WORK = object()
# Somebody tells the previous address that the email is another one.
TOLD = object()
QUIET = {
    # The core writes one note per contact and change itself, all in one statement.
    "no_reset_password": True,
    "mail_notrack": True,
    "mail_create_nolog": True,
    "tracking_disable": True,
    "portal_access_batch": AT_WORK,
}
