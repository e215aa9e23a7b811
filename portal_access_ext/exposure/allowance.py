"""What portal users are meant to reach beyond reading their own documents, each with the reason.

The one list that both the report for administrators and the tests compare with what there is. Keep it short: what is
not on it is shown to the administrator as something to look at, and fails the tests.
"""

from typing import NamedTuple

from odoo.tools.translate import _lt

# This module, and those that come with it.
OWN_MODULES = (
    "portal_access_ext",
    "portal_access_ext_account_payment",
    "portal_access_ext_helpdesk_mgmt",
    "portal_access_ext_sale_loyalty",
    "portal_access_ext_subscription_oca",
    "portal_access_ext_website_sale",
)


class Allowed(NamedTuple):
    """`operations` on a model, as `module` gives them.

    `reaches_others` says that it goes for other people's records too, or for new ones in their name: a gap that Odoo
    leaves open. It is known, explained, and shown to the administrator all the same.

    `is_nobodys` says that what they create belongs to nobody, so that no record rule has to limit it.
    """

    module: str
    model: str
    operations: tuple
    reason: str
    reaches_others: bool = False
    is_nobodys: bool = False


# What they may create, write and unlink. That they read these models goes without saying.
RIGHTS = (
    Allowed(
        "auth_totp_portal",
        "auth_totp.wizard",
        ("create", "write", "unlink"),
        _lt("The dialog in which they turn on two-factor authentication for themselves."),
    ),
    Allowed(
        "base", "ir.filters", ("create", "write", "unlink"), _lt("Search filters of their own, which only they see.")
    ),
    Allowed(
        "base",
        "res.users",
        ("write",),
        _lt(
            "Their own user: language, time zone, signature, picture, also name and email, and no login, password or "
            "group. Odoo lets users write these fields of themselves, whatever their access rights."
        ),
    ),
    Allowed("base", "res.users.identitycheck", ("create", "write"), _lt("The question for their password.")),
    Allowed(
        "base",
        "res.users.apikeys.description",
        ("create",),
        _lt("The dialog for new API keys of their own."),
        is_nobodys=True,
    ),
    Allowed(
        "bus",
        "bus.presence",
        ("create", "write", "unlink"),
        _lt(
            "Whether they are online. Odoo has no record rule here: a portal user can show anybody as online or away, "
            "and nothing else."
        ),
        reaches_others=True,
    ),
    Allowed(
        "gamification",
        "gamification.badge.user",
        ("create", "write"),
        _lt("Badges that users of the forum give each other."),
        reaches_others=True,
    ),
    Allowed("gamification", "gamification.goal", ("write",), _lt("Goals of their own.")),
    Allowed(
        "mail",
        "discuss.channel.member",
        ("create", "write", "unlink"),
        _lt("Joining and leaving channels that are open to them, and their own settings there."),
    ),
    Allowed(
        "mail",
        "mail.compose.message",
        ("create",),
        _lt("The form for a message. Sending it asks for the right to post on the document."),
        is_nobodys=True,
    ),
    Allowed("mail", "mail.compose.message", ("write",), _lt("The form for a message, one of their own.")),
    Allowed(
        "mail",
        "mail.message",
        ("create", "write", "unlink"),
        _lt(
            "Comments on documents they see. Odoo lets them alter every field of a comment of their own, its author "
            "and its document too; and where they may change the document (shared tasks, assigned leads), also alter "
            "and delete the messages of others there, and notes that they can't read."
        ),
        reaches_others=True,
    ),
    Allowed(
        "mrp_subcontracting",
        "mrp.production",
        ("write",),
        _lt("Subcontractors record what they made for the company."),
    ),
    Allowed(
        "mrp_subcontracting",
        "stock.move",
        ("create", "write"),
        _lt("Subcontractors record what they used for it."),
    ),
    Allowed(
        "mrp_subcontracting",
        "stock.move.line",
        ("create", "write", "unlink"),
        _lt("Subcontractors record what they used for it."),
    ),
    Allowed("mrp_subcontracting", "stock.lot", ("create",), _lt("Subcontractors record lots and serial numbers.")),
    Allowed(
        "mrp_subcontracting",
        "mrp.consumption.warning",
        ("create", "write"),
        _lt("A question Odoo asks the subcontractor. Odoo has no record rule here."),
        reaches_others=True,
    ),
    Allowed(
        "mrp_subcontracting",
        "mrp.consumption.warning.line",
        ("create", "write"),
        _lt("A question Odoo asks the subcontractor. Odoo has no record rule here."),
        reaches_others=True,
    ),
    Allowed(
        "mrp_subcontracting_account",
        "account.analytic.line",
        ("write",),
        _lt("Odoo books what a subcontractor records."),
    ),
    Allowed(
        "partner_autocomplete",
        "res.partner.autocomplete.sync",
        ("create",),
        _lt("Odoo notes that a changed contact has to be compared with its company database."),
        reaches_others=True,
    ),
    Allowed(
        "project",
        "project.task",
        ("create", "write"),
        _lt("Tasks of projects that were shared with them for editing, and there only the few fields Odoo lists."),
    ),
    Allowed(
        "utm",
        "utm.campaign",
        ("create",),
        _lt(
            "Odoo notes which campaign a visitor came from. They can add names, with anybody as responsible, and "
            "change none."
        ),
        reaches_others=True,
    ),
    Allowed("utm", "utm.medium", ("create",), _lt("As for campaigns."), reaches_others=True),
    Allowed("utm", "utm.source", ("create",), _lt("As for campaigns."), reaches_others=True),
    Allowed(
        "website_crm_partner_assign",
        "crm.lead",
        ("write",),
        _lt(
            "Leads that were assigned to their company as a reseller. The pages change a few fields; over RPC Odoo "
            "lets them change most fields of such a lead."
        ),
    ),
    Allowed(
        "website_forum",
        "forum.post",
        ("create", "write", "unlink"),
        _lt("Posts in the forum, also those of others, as far as their karma goes."),
        reaches_others=True,
    ),
    Allowed("website_forum", "forum.post.vote", ("create", "write"), _lt("Votes of their own.")),
    Allowed(
        "website_forum", "forum.tag", ("create",), _lt("Tags for posts, as far as their karma goes."), is_nobodys=True
    ),
    Allowed(
        "website_sale_wishlist", "product.wishlist", ("create", "write", "unlink"), _lt("Wish lists of their own.")
    ),
)


# On which records a method works that concerns the user alone.
OWN = ("no record", "own")
READ = (*OWN, "others")
EVERY = (*READ, "hidden")


class AllowedMethod(NamedTuple):
    """A public method that changes something when a portal user calls it; `is_gap` as above.

    A model `*` stands for all: the method asks for the user's rights on the record. `sorts` says on which records it
    works: on none, on the user's `own`, on those of `others` that the user reads, on `hidden` ones; `tables` what it
    changes, `*` being that of the model; empty: whatever it is.
    """

    model: str
    method: str
    reason: str
    is_gap: bool = False
    sorts: tuple = OWN
    tables: tuple = ()


METHODS = (
    AllowedMethod(
        "*",
        "message_post",
        _lt("Comments on documents they see, where Odoo lets readers comment, and on hidden ones that they follow."),
        sorts=EVERY,
        tables=("mail_message", "discuss_channel_member"),
    ),
    AllowedMethod(
        "*", "get_portal_url", _lt("Makes the link to a document of their own, with its token."), tables=("*",)
    ),
    AllowedMethod("base.language.install", "switch_lang", _lt("Sets their own language.")),
    AllowedMethod(
        "crm.lead",
        "action_set_automated_probability",
        _lt("As for changing leads: on those that were assigned to their company."),
    ),
    AllowedMethod("crm.lead", "partner_desinterested", _lt("Declines a lead that was assigned to their company.")),
    AllowedMethod("crm.lead", "partner_interested", _lt("Accepts a lead that was assigned to their company.")),
    AllowedMethod("discuss.channel", "action_unfollow", _lt("Leaves a channel."), sorts=READ),
    AllowedMethod("discuss.channel", "channel_fold", _lt("How they see a channel themselves."), sorts=READ),
    AllowedMethod("discuss.channel", "channel_pin", _lt("How they see a channel themselves."), sorts=READ),
    AllowedMethod("discuss.channel", "execute_command_leave", _lt("Leaves a channel."), sorts=READ),
    AllowedMethod(
        "mail.message",
        "toggle_message_starred",
        _lt("Their own bookmarks, of messages too that they can't read."),
        sorts=EVERY,
    ),
    AllowedMethod("mail.message", "unstar_all", _lt("Their own bookmarks.")),
    AllowedMethod(
        "forum.forum",
        "unlink",
        _lt("Called for no record, it makes Odoo count the forums of the websites again."),
    ),
    AllowedMethod("forum.post", "post_notification", _lt("Announces a post of the forum again, to its followers.")),
    AllowedMethod("gamification.challenge", "accept_challenge", _lt("Takes part in a challenge.")),
    AllowedMethod("gamification.challenge", "discard_challenge", _lt("Doesn't take part in a challenge.")),
    AllowedMethod(
        "mail.partner.device",
        "get_web_push_vapid_public_key",
        _lt("Makes the key for push messages, if there is none yet."),
    ),
    AllowedMethod(
        "payment.provider.onboarding.wizard",
        "add_payment_methods",
        _lt("Marks the company's step of setting up payment as done. Odoo does not ask who calls it."),
        is_gap=True,
    ),
    AllowedMethod(
        "project.collaborator",
        "unlink",
        _lt(
            "Called for no record by somebody who shares no project, it switches off the rights of all portal users to "
            "shared projects, until another one is shared. Odoo does not ask who calls it."
        ),
        is_gap=True,
    ),
    *(
        AllowedMethod(
            model,
            method,
            _lt("Makes Odoo tidy up its stock records, which changes no quantity. Odoo does not ask who calls it."),
        )
        for model, method in (
            ("product.product", "action_open_quants"),
            ("product.product", "action_update_quantity_on_hand"),
            ("product.template", "action_open_quants"),
            ("product.template", "action_update_quantity_on_hand"),
            ("stock.lot", "action_lot_open_quants"),
            ("stock.quant", "action_view_inventory"),
            ("stock.quant", "action_view_quants"),
        )
    ),
    AllowedMethod("slide.channel", "action_request_access", _lt("Asks for access to a course.")),
    AllowedMethod("slide.slide", "action_dislike", _lt("Their own opinion of a course's page.")),
    AllowedMethod("slide.slide", "action_like", _lt("Their own opinion of a course's page.")),
    AllowedMethod("purchase.order", "get_confirm_url", _lt("Makes the link to an order of their own.")),
    AllowedMethod("purchase.order", "get_update_url", _lt("Makes the link to an order of their own.")),
    AllowedMethod("sale.order", "action_preview_sale_order", _lt("Makes the link to an order of their own.")),
    AllowedMethod(
        "sale.order",
        "action_recovery_email_send",
        _lt("Sends themselves the reminder of an order that they have not finished."),
    ),
)

# Which of Odoo's methods for all models need which right.
COMMON_METHODS = {
    "action_archive": "write",
    "action_unarchive": "write",
    "copy": "create",
    "copy_multi": "create",
    "create": "create",
    "toggle_active": "write",
    "unlink": "unlink",
    "write": "write",
}

# Models of which they read records that are not theirs, and why that is no secret.
READABLE_BY_ALL = (
    (
        _lt("Public lists that Odoo's own pages need"),
        (
            "res.country",
            "res.country.group",
            "res.country.state",
            "res.currency",
            "res.currency.rate",
            "res.lang",
        ),
    ),
    (
        _lt("Names and settings of the company, the website and its menus"),
        (
            "res.company",
            "website",
            "website.controller.page",
            "website.menu",
            "website.seo.metadata",
        ),
    ),
    (
        _lt("The shop's catalogue, as every visitor sees it"),
        (
            "product.attribute",
            "product.attribute.custom.value",
            "product.attribute.value",
            "product.category",
            "product.image",
            "product.product",
            "product.public.category",
            "product.ribbon",
            "product.tag",
            "product.template",
            "product.template.attribute.exclusion",
            "product.template.attribute.line",
            "product.template.attribute.value",
            "website.base.unit",
            "website.sale.extra.field",
        ),
    ),
    (
        _lt("Prices and terms of the shop. Odoo shows all pricelists, not only the customer's own"),
        (
            "account.fiscal.position",
            "account.payment.term",
            "product.pricelist",
            "product.pricelist.item",
        ),
    ),
    (
        _lt("Names of stages, tags, levels and kinds"),
        (
            "crm.stage",
            "helpdesk.ticket.category",
            "helpdesk.ticket.stage",
            "helpdesk.ticket.team",
            "mail.message.subtype",
            "project.tags",
            "res.partner.grade",
            "utm.campaign",
            "utm.medium",
            "utm.source",
        ),
    ),
    (_lt("Ways to pay, without anybody's card"), ("payment.method",)),
    (_lt("Who is online"), ("bus.presence",)),
    (_lt("Waiting comparisons with Odoo's company database"), ("res.partner.autocomplete.sync",)),
    (_lt("Canned answers of the live chat"), ("mail.shortcode",)),
    (
        _lt(
            "Who was told of which message, and whether that failed; neither its subject nor its text. Odoo has no "
            "record rule here"
        ),
        ("mail.notification",),
    ),
    (
        _lt(
            "The description somebody is giving a new API key, never the key. It is deleted within hours. Odoo has no "
            "record rule here"
        ),
        ("res.users.apikeys.description",),
    ),
    (
        _lt(
            "The question Odoo asks a subcontractor, which is deleted within hours. Odoo has no record rule here: they "
            "read those of other subcontractors too"
        ),
        ("mrp.consumption.warning", "mrp.consumption.warning.line"),
    ),
)

# Addresses that change something when they are only opened, or asked for nothing.
ROUTES_THAT_WRITE = {
    "/calendar/notify_ack": _lt("Notes of themselves when they were last reminded of events."),
    "/mail/init_messaging": _lt("Makes their own settings, if there are none yet."),
    "/web/session/get_session_info": _lt("Makes their own settings, if there are none yet."),
    "/my/orders": _lt("Makes the tokens of the links to their own orders."),
    "/my/purchase": _lt("Makes the tokens of the links to their own orders."),
    "/new/ticket": _lt("Makes their own settings, if there are none yet."),
}

# What Odoo itself switches on and off in the name of whoever shares a project.
SWITCHES = {
    "project.access_project_sharing_task_portal",
    "project.project_task_rule_portal_project_sharing",
}

# Addresses that take POST without the token that keeps other websites from sending forms in somebody's name.
WITHOUT_CSRF = {
    "/base_import_module/login_upload": _lt("Asks for an administrator's login and password."),
    "/digest/<int:digest_id>/unsubscribe_oneclik": _lt(
        "The unsubscribe button of mail programs; asks for a signed token."
    ),
    "/im_livechat/cors/attachment/upload": _lt("Files of visitors in the live chat; asks for their token."),
    "/mail/unfollow": _lt("The unfollow link in mails; asks for a signed token."),
    "/payment/custom/process": _lt("Sets the state of a wire transfer's transaction to pending, by its reference."),
    "/web/database/backup": _lt("Asks for the master password."),
    "/web/database/change_password": _lt("Asks for the master password."),
    "/web/database/create": _lt("Asks for the master password."),
    "/web/database/drop": _lt("Asks for the master password."),
    "/web/database/duplicate": _lt("Asks for the master password."),
    "/web/database/restore": _lt("Asks for the master password."),
    "/website/form/<string:model_name>": _lt(
        "The forms of the website; checks the token itself where somebody is signed in."
    ),
    "/xmlrpc/<service>": _lt("RPC; asks for login and password or API key each time."),
    "/xmlrpc/2/<service>": _lt("RPC; asks for login and password or API key each time."),
}

# Modules whose addresses without that token are for other computers, which prove who they are.
WITHOUT_CSRF_OF = {
    "payment_": _lt("Called by the payment provider, and checked against what it signs or asked back."),
}

RIGHTS_BY_KEY = {(allowed.model, operation): allowed for allowed in RIGHTS for operation in allowed.operations}
READING_REASONS = {model: reason for reason, names in READABLE_BY_ALL for model in names}
METHODS_BY_KEY = {(allowed.model, allowed.method): allowed for allowed in METHODS}


def find_method(model, name):
    """:return AllowedMethod: what the list says of a method of a model, if anything"""
    return METHODS_BY_KEY.get((model, name)) or METHODS_BY_KEY.get(("*", name))
