from anthropic import Anthropic

# Without the /v1: the package adds it.
client = Anthropic(
    base_url="BASE_URL",
    api_key="YOUR_KEY",
)
answer = client.messages.create(
    model="MODEL",
    max_tokens=1024,
    messages=[{"role": "user", "content": "Hello"}],
)
print(answer.content[0].text)
