"""Many calls at once, with nothing but threads and sockets."""

import http.client
import json
import threading
from collections import Counter
from urllib.parse import urlsplit


class Load:
    """Calls, one after the other on each of `threads` connections, until `total` were made or the gateway is gone."""

    def __init__(self, url: str, key: str, models: list[str], total: int, threads: int = 32, leave: int = 0, **more):
        """`leave`: every so many calls, the client does not wait for the answer. `more`: fields of each request."""
        self.leave, self.more = leave, more
        self.address = urlsplit(url).netloc
        self.key = key
        self.models = models
        self.left = total
        self.lock = threading.Lock()
        self.results: Counter = Counter()
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def join(self) -> Counter:
        for thread in self.threads:
            thread.join(120)
            assert not thread.is_alive(), "a call hangs"
        return self.results

    def _run(self):
        connection = http.client.HTTPConnection(self.address, timeout=60)
        while True:
            with self.lock:
                if self.left == 0:
                    return
                self.left -= 1
                number = self.left
            model = self.models[number % len(self.models)]
            body = {"model": model, "messages": [{"role": "user", "content": f"Call {number}"}], **self.more}
            # Two of three models are streamed.
            if number % 3:
                body["stream"] = True
            headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
            try:
                connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
                if self.leave and number % self.leave == 0:
                    connection.close()
                    with self.lock:
                        self.results["left"] += 1
                    continue
                answer = connection.getresponse()
                answer.read()
                result = answer.status
            except (OSError, http.client.HTTPException):
                result = "broken"
                connection.close()
            with self.lock:
                self.results[result] += 1
                if result == "broken":
                    # The gateway is gone, or going: each thread may notice once.
                    self.left = 0
