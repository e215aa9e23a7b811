from . import (
    auth_signup,
    portal_address,
    portal_details,
    portal_document,
    portal_end,
    portal_form,
    portal_home,
    portal_invitation,
    portal_login,
    portal_payment,
    portal_session,
)
