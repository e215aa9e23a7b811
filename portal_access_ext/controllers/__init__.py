from . import auth_signup, portal_end
