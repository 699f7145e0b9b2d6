import litellm

# "openai/" tells the package which dialect to speak; the rest is the model's name here.
answer = litellm.completion(
    model="openai/MODEL",
    api_base="BASE_URL/v1",
    api_key="YOUR_KEY",
    messages=[{"role": "user", "content": "Hello"}],
)
print(answer.choices[0].message.content)
