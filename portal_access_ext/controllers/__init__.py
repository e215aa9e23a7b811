from . import auth_signup, portal_end, portal_invitation, portal_login
