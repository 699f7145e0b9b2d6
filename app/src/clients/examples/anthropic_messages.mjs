import Anthropic from "@anthropic-ai/sdk";

// Without the /v1: the package adds it.
const client = new Anthropic({
  baseURL: "BASE_URL",
  apiKey: "YOUR_KEY",
});
const answer = await client.messages.create({
  model: "MODEL",
  max_tokens: 1024,
  messages: [{ role: "user", content: "Hello" }],
});
console.log(answer.content[0].text);
