"""Tiny tokenizers, and what tokenizers and transformers make of texts and chats with them."""
