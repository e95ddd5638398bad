"""One sentence in ten languages, translated for Glassbox: what does each cost, in tokens?"""

SENTENCES = {
    "English": "Every morning my sister drinks a glass of water and reads a book.",
    "Spanish": "Cada mañana mi hermana bebe un vaso de agua y lee un libro.",
    "German": "Jeden Morgen trinkt meine Schwester ein Glas Wasser und liest ein Buch.",
    "Turkish": "Kız kardeşim her sabah bir bardak su içer ve bir kitap okur.",
    "Swahili": "Kila asubuhi dada yangu hunywa glasi ya maji na kusoma kitabu.",
    "Russian": "Каждое утро моя сестра пьёт стакан воды и читает книгу.",
    "Arabic": "كل صباح تشرب أختي كوبًا من الماء وتقرأ كتابًا.",
    "Hindi": "हर सुबह मेरी बहन एक गिलास पानी पीती है और एक किताब पढ़ती है।",
    "Chinese": "我妹妹每天早上喝一杯水，读一本书。",
    "Japanese": "私の妹は毎朝コップ一杯の水を飲んで、本を一冊読みます。",
}
