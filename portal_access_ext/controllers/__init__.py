from . import auth_signup, portal_end, portal_home, portal_invitation, portal_login
