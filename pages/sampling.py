import streamlit as st

st.title("Sampling")
