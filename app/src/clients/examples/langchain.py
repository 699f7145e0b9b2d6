from langchain_openai import ChatOpenAI

model = ChatOpenAI(
    base_url="BASE_URL/v1",
    api_key="YOUR_KEY",
    model="MODEL",
)
print(model.invoke("Hello").content)
