"""Large files pass through without being held."""

import http.client
import threading
import time

from stack import Gateway

MIB = 1024 * 1024


class Watch:
    """The most memory that a process had, in MiB."""

    def __init__(self, gateway: Gateway):
        self.gateway, self.most, self.ended = gateway, gateway.resident_mib(), False
        self.thread = threading.Thread(target=self.look)

    def look(self):
        while not self.ended:
            self.most = max(self.most, self.gateway.resident_mib())
            time.sleep(0.005)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended = True
        self.thread.join()


def upload(gateway: Gateway, key: str, path: str, size: int, model_first: bool) -> tuple[int, bytes]:
    model = b'--B\r\nContent-Disposition: form-data; name="model"\r\n\r\nmock-media\r\n'
    head = b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.mp3"\r\n\r\n'
    before, after = (model + head, b"\r\n--B--\r\n") if model_first else (head, b"\r\n" + model + b"--B--\r\n")
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=60)
    connection.putrequest("POST", path)
    connection.putheader("authorization", f"Bearer {key}")
    connection.putheader("content-type", "multipart/form-data; boundary=B")
    connection.putheader("content-length", str(len(before) + size + len(after)))
    connection.endheaders()
    connection.send(before)
    for _ in range(size // MIB):
        connection.send(b"s" * MIB)
    connection.send(after)
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_sound_of_100_mb_takes_no_memory(gateway: Gateway):
    key = gateway.new_key()
    for model_first in (True, False):
        # What is allocated for the first call stays.
        assert upload(gateway, key, "/v1/audio/transcriptions", MIB, model_first)[0] == 200
        before = gateway.resident_mib()
        with Watch(gateway) as watch:
            status, answer = upload(gateway, key, "/v1/audio/transcriptions", 100 * MIB, model_first)
        assert status == 200, answer
        assert watch.most - before < 10, f"{before:.0f} MiB became {watch.most:.0f}"


def test_an_image_of_20_mb_in_json_takes_less_than_twice_its_size(gateway: Gateway):
    key = gateway.new_key()
    body = {"model": "mock-image", "prompt": "x", "image": "s" * (20 * MIB)}
    assert gateway.call("POST", "/v1/images/generations", {"model": "mock-image", "prompt": "x"}, key).status == 200
    before = gateway.resident_mib()
    with Watch(gateway) as watch:
        assert gateway.call("POST", "/v1/images/generations", body, key).status == 200
    assert watch.most - before < 40, f"{before:.0f} MiB became {watch.most:.0f}"
