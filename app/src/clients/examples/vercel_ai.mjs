import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText } from "ai";

const tollgate = createOpenAICompatible({
  name: "tollgate",
  baseURL: "BASE_URL/v1",
  apiKey: "YOUR_KEY",
});
const { text } = await generateText({
  model: tollgate("MODEL"),
  prompt: "Hello",
});
console.log(text);
