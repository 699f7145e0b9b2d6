from llama_index.llms.openai_like import OpenAILike

model = OpenAILike(
    api_base="BASE_URL/v1",
    api_key="YOUR_KEY",
    model="MODEL",
    is_chat_model=True,
)
print(model.complete("Hello").text)
