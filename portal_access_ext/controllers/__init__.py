from . import auth_signup, portal_end, portal_invitation
from . import auth_signup, portal_end
from . import auth_signup, portal_login
from . import auth_signup, portal_end, portal_login
