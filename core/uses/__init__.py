"""Four uses of a model, with what decides whether it did them well: chat, translation, writing, code.

conversation   turns of a chat, as text and as ids
translation    what a sentence means in English and in Olu, and what a translation got wrong
story          what a story states, where it contradicts itself or the world
program        Tinyland's little language, run by an evaluator of its own
skills         each use over held-out cases;  recorded keeps that beside the model
question       the token at which an answer went wrong
"""
