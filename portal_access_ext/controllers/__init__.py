from . import auth_signup, portal_end, portal_invitation
from . import portal_login
