import { GoogleGenAI } from "@google/genai";

const client = new GoogleGenAI({
  apiKey: "YOUR_KEY",
  httpOptions: { baseUrl: "BASE_URL" },
});
const answer = await client.models.generateContent({
  model: "MODEL",
  contents: "Hello",
});
console.log(answer.text);
