from google import genai
from google.genai.types import HttpOptions

client = genai.Client(
    api_key="YOUR_KEY",
    http_options=HttpOptions(base_url="BASE_URL"),
)
answer = client.models.generate_content(
    model="MODEL",
    contents="Hello",
)
print(answer.text)
