"""A browser, as far as it is needed to read pages and send forms."""

import re
import urllib.parse
from collections.abc import Callable
from http.client import HTTPConnection

from stack import Answer, Gateway

# Links that are followed at most.
MOST = 500


class Dashboard:
    def __init__(self, gateway: Gateway, note: Callable[[str, Answer], None] = lambda name, answer: None):
        """`note` is told every answer, but for a sign-in's, whose cookie is a secret that is the browser's."""
        self.gateway, self.note, self.cookie = gateway, note, ""

    def ask(self, method: str, path: str, fields: dict | None = None) -> Answer:
        answer = self._send(method, path, fields)
        self.note(f"{method} {path}", answer)
        return answer

    def _send(self, method: str, path: str, fields: dict | None) -> Answer:
        headers = {"cookie": self.cookie, "origin": self.gateway.url}
        if fields is not None:
            headers["content-type"] = "application/x-www-form-urlencoded"
        body = None if fields is None else urllib.parse.urlencode(fields)
        # Without following redirects: the session's cookie comes with one.
        connection = HTTPConnection("127.0.0.1", self.gateway.port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def sign_in(self, email: str, password: str) -> bool:
        answer = self._send("POST", "/ui/sign-in", {"email": email, "password": password})
        if answer.headers["location"] != "/ui":
            self.note("a sign-in that failed", answer)
            return False
        self.cookie = answer.headers["set-cookie"].split(";")[0]
        return True

    def links(self, path: str) -> list[str]:
        """The pages that a page leads to."""
        page = self.ask("GET", path)
        assert page.status < 500, (path, page.status)
        if "text/html" not in page.headers.get("content-type", ""):
            return []
        links = [link.replace("&amp;", "&") for link in re.findall(r'href="(/ui[^"#]*)', page.body.decode())]
        return [link for link in dict.fromkeys(links) if not re.search(r"\.(css|js|svg|woff2)$|/pkg/", link)]

    def walk(self) -> list[str]:
        """Every page that can be reached by links."""
        waiting = ["/ui"]
        for path in waiting:
            new = [link for link in self.links(path) if link not in waiting]
            waiting += new[: MOST - len(waiting)]
        return waiting
