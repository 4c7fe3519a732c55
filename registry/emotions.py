"""The common set of emotions that shipped corpora use, and the words of several languages that mean them."""

from __future__ import annotations

from registry.names import plain

WORDS = {
    "ANG": """
        angry, anger, rage, furious, fury, mad; wut, wütend, ärger, ärgerlich, zorn, zornig; colère, en colère, fâché; ira, enfado,
        enojo, enfadado, enfadada, enojado, enojada, rabia; rabbia, arrabbiato, arrabbiata, collera; raiva, zangado, zangada; boos,
        boosheid, woede, kwaad; kızgın, öfke, öfkeli; гнев, злость, злой; 生气, 愤怒, 怒り
    """,
    "DIS": """
        disgust, disgusted; ekel, angeekelt; dégoût, dégoûté; asco; disgusto, disgustato; nojo, repulsa; walging, afschuw; iğrenme,
        tiksinti; отвращение; 厌恶, 嫌悪
    """,
    "FEA": """
        fear, fearful, afraid, scared, anxiety, anxious, terrified; angst, ängstlich, furcht; peur, apeuré; miedo, temor; paura,
        impaurito, impaurita; medo; bang, angstig; korku; страх; 恐惧, 害怕, 恐れ, 恐怖
    """,
    "HAP": """
        happy, happiness, joy, joyful, glad; freude, fröhlich, glücklich, glück; joie, joyeux, heureux; alegría, alegre, felicidad,
        feliz; gioia, felicità, felice; alegria, felicidade; blij, blijdschap, vreugde; mutlu, mutluluk, sevinç; радость, счастье;
        高兴, 开心, 快乐, 喜び
    """,
    "NEU": """
        neutral, neutrality, no emotion, normal; neutre; neutro, neutra, neutrale; neutraal; nötr; нейтральный, нейтрально,
        нейтральная; 中性, 中立, 平常
    """,
    "SAD": """
        sadness, sorrow, unhappy; trauer, traurig, traurigkeit; triste, tristesse; tristeza; tristezza; verdriet, verdrietig,
        droevig; üzgün, üzüntü; грусть, печаль, грустный; 悲伤, 难过, 伤心, 悲しみ
    """,
    "SUR": """
        surprise, surprised, pleasant surprise, pleasant surprised, ps; überraschung, überrascht; étonnement, étonné, surpris;
        sorpresa, sorprendido, sorprendida; sorpreso; surpresa, surpreso; verrassing, verrast; şaşkın, şaşkınlık; удивление; 惊讶, 吃惊,
        驚き
    """,
    "CAL": """
        calm, calmness, relaxed; ruhig, ruhe; calme; calma, tranquilo, tranquila; calmo; kalm, rustig; sakin; спокойствие,
        спокойный; 平静
    """,
    "BOR": """
        boredom, bored; langeweile, gelangweilt; ennui; aburrimiento, aburrido; noia, annoiato; tédio; verveling; sıkılmış; скука;
        无聊, 退屈
    """,
}
"""Code -> words that mean it, by language. None is under two codes, and no single letter is here: `A` is fear in EmoDB, anger in SAVEE."""

CODES = tuple(WORDS)

_CODE_OF = {plain(word): code for code, words in WORDS.items() for word in (code, *words.replace(";", ",").split(","))}


def common(word: str) -> str | None:
    """The code of the common set that a word means, whatever its case and Unicode form; None for a word that is not in the list.

    >>> common("Angry"), common("Freude"), common("sad"), common("sleepy")
    ('ANG', 'HAP', 'SAD', None)
    """
    return _CODE_OF.get(plain(word))
