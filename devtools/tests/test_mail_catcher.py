import smtplib
import threading
import time
import urllib.request
from email.message import EmailMessage

import pytest

from devtools.mail_catcher import MailCatcher, body
from devtools.mail_page import MailPage


@pytest.fixture
def catcher():
    with MailCatcher() as running:
        yield running


def make_message(subject="Hello", to="ann@example.com", html="<p>Hi</p>"):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "shop@example.com", to, subject
    message.set_content("Hi")
    message.add_alternative(html, subtype="html")
    return message


def send(catcher, *messages):
    with smtplib.SMTP(catcher.host, catcher.port, timeout=5) as client:
        for message in messages:
            client.send_message(message)


def test_a_message_is_caught_with_its_envelope_and_both_bodies(catcher):
    send(catcher, make_message("Grüße"))
    (caught,) = catcher.caught
    assert caught.sender == "shop@example.com"
    assert caught.recipients == ("ann@example.com",)
    assert caught.message["Subject"] == "Grüße"
    assert body(caught.message).strip() == "<p>Hi</p>"
    assert body(caught.message, "plain").strip() == "Hi"


def test_waiting_ends_as_soon_as_the_message_comes(catcher):
    timer = threading.Timer(0.2, send, [catcher, make_message("other"), make_message("wanted")])
    timer.start()
    started = time.monotonic()
    assert catcher.wait_for(lambda message: message["Subject"] == "wanted", timeout=10)
    assert time.monotonic() - started < 5
    timer.join()


def test_waiting_in_vain_says_what_came_instead(catcher):
    send(catcher, make_message("other"))
    with pytest.raises(TimeoutError, match="ann@example.com: other"):
        catcher.wait_for(lambda message: False, timeout=0.1)
    with pytest.raises(TimeoutError, match="1 of 2"):
        catcher.wait_for_count(2, timeout=0.1)


def test_one_address_can_be_refused_and_then_accepted(catcher):
    catcher.refuse("550 5.1.1 No such user", concerns=lambda address: address.startswith("bob"))
    send(catcher, make_message())
    with pytest.raises(smtplib.SMTPRecipientsRefused, match="No such user"):
        send(catcher, make_message(to="bob@example.com"))
    catcher.accept()
    send(catcher, make_message(to="bob@example.com"))
    assert catcher.attempts == 3
    assert len(catcher.wait_for_count(2)) == 2


@pytest.mark.parametrize(("stage", "error"), [("MAIL", smtplib.SMTPSenderRefused), ("DATA", smtplib.SMTPDataError)])
def test_each_stage_can_refuse(catcher, stage, error):
    catcher.refuse("451 Try later", stage)
    with pytest.raises(error, match="Try later"):
        send(catcher, make_message())
    assert not catcher.messages


def test_a_stage_that_does_not_exist_is_told(catcher):
    with pytest.raises(ValueError, match="NOOP"):
        catcher.refuse("451 Try later", "NOOP")


def test_a_server_that_is_down_comes_back_on_the_same_port(catcher):
    port = catcher.port
    catcher.go_down()
    with pytest.raises(ConnectionRefusedError):
        send(catcher, make_message())
    catcher.come_back()
    send(catcher, make_message())
    assert (catcher.port, len(catcher.messages)) == (port, 1)


def test_going_down_cuts_open_connections(catcher):
    client = smtplib.SMTP(catcher.host, catcher.port, timeout=5)
    catcher.go_down()
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        client.noop()
    client.close()


def test_the_page_lists_the_newest_first_and_escapes_what_strangers_write(catcher):
    send(catcher, make_message("older"), make_message("<script>alert(1)</script>"))
    with MailPage(catcher) as page:
        content = read(page, "/")
    assert content.index("&lt;script&gt;") < content.index("older")
    assert "<script>" not in content


def test_a_message_shows_its_links_and_its_html_in_a_sandbox(catcher):
    send(catcher, make_message(html='<a href="http://localhost/a?b=1&c=2">go</a><a href="javascript:x">no</a>'))
    with MailPage(catcher) as page:
        content = read(page, "/message/1")
        with urllib.request.urlopen(f"http://127.0.0.1:{page.port}/message/1/html") as answer:
            policy = answer.headers["Content-Security-Policy"]
    assert 'href="http://localhost/a?b=1&amp;c=2"' in content
    assert "javascript:" not in content
    assert "<iframe sandbox=" in content
    assert policy.startswith("sandbox ")
    assert "allow-scripts" not in policy


def read(page, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{page.port}{path}") as answer:
        return answer.read().decode()
