"""The pictures of the addons' own pages that the guide does not have, in English."""

from .camera import Camera, Scene, scene
from .customer import sign_in

SCENES: list[Scene] = []


@scene(SCENES, "invoices", "ewallet-history")
def pages(camera: Camera, known: dict, lang: str) -> None:
    """Tick invoices, and look at an eWallet."""
    with camera.browser() as tab:
        sign_in(tab, known["people"][lang]["login"])
        tab.go("/my/invoices")
        tab.wait_to_see("input[name=invoice_ids]")
        tab.evaluate(
            "[...document.querySelectorAll('input[name=invoice_ids]')].slice(0, 2).forEach((box) => box.click())"
        )
        camera.take("invoices", "#o_portal_pay_selected", "#wrap table")
        tab.go("/my/ewallet")
        tab.follow(".o_portal_ewallet a.btn-light")
        camera.take(
            "ewallet-history", "#wrap h1", ".o_portal_ewallet_balance", "#wrap a.btn", ".o_portal_ewallet_history"
        )
