from . import auth_signup, portal_end
from . import auth_signup, portal_invitation
