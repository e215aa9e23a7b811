from . import (
    mail_mail,
    mail_template,
    portal_access_event,
    portal_access_invitation,
    portal_access_invitation_mail,
    res_config_settings,
    res_partner,
    res_partner_access,
    res_partner_check,
    res_partner_signup,
    res_users,
)
