import streamlit as st

st.title("Embeddings")
